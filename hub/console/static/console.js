// Refreshes <main> from the server every data-refresh seconds, keeping scroll, focus, selection and opened details.
// Everything works without this file; the page is then as old as its "As of" line says.
"use strict";

(() => {
  const stale = document.getElementById("stale");
  const LIMIT_MS = 10_000;
  let timer = 0;

  const main = () => document.getElementById("main");
  const pause = () => 1000 * (Number(main().dataset.refresh) || 5);

  // What marks the focused element in the next version of the page: its id, or the n-th link to the same address.
  function focusMark() {
    const element = document.activeElement;
    if (!element || !main().contains(element)) return null;
    if (element.id) return () => document.getElementById(element.id);
    const address = element.getAttribute("href");
    if (!address) return null;
    const same = (root) => [...root.querySelectorAll("a[href]")].filter((a) => a.getAttribute("href") === address);
    const index = same(main()).indexOf(element);
    return () => same(main())[index];
  }

  function selecting() {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && main().contains(selection.anchorNode);
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, "text/html");
    const fresh = next.getElementById("main");
    if (!fresh) throw new Error("no main element");
    const focus = focusMark();
    const opened = [...main().querySelectorAll("details[open][id]")].map((element) => element.id);
    const x = window.scrollX;
    const y = window.scrollY;
    document.title = next.title;
    main().dataset.refresh = fresh.dataset.refresh;
    main().replaceChildren(...fresh.childNodes);
    stale.replaceChildren(...next.getElementById("stale").childNodes);
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    const element = focus && focus();
    if (element) element.focus({ preventScroll: true });
    window.scrollTo(x, y);
  }

  async function refresh() {
    window.clearTimeout(timer);
    try {
      if (!document.hidden && !selecting()) {
        const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS) });
        if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status));
        show(await answer.text());
        stale.hidden = true;
      }
    } catch {
      stale.hidden = false; // an old page must not pass for a quiet one
    }
    timer = window.setTimeout(refresh, pause());
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  timer = window.setTimeout(refresh, pause());
})();
