"""Files of the repository as typed values with positions: requirements files, lock files, Dockerfiles, build commands."""
