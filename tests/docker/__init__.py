"""What an administrator installs us by: the image, the compose files, the systemd units, the proxies' examples."""
