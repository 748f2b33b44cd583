"""`watchkeeper-agent discover`: which devices there are, asked gently and without any account, and a draft for them."""
