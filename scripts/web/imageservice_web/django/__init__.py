"""A Django app. `INSTALLED_APPS = ["imageservice_web.django"]`, `IMAGE_SERVICE_URL = "https://images.example.com"`."""
