"""What a camera's picture says about the camera: taken at the site, judged at the site, and thrown away there."""
