"""What a crop should show, by the pixels alone: `gravity: "smart"`."""
