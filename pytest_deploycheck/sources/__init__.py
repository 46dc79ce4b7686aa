"""Requirements files and build commands as typed values with positions."""
