"""What a lock file has installed on a target: no resolver is asked, since the lock says versions and files."""
