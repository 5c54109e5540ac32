import sys


class Windows:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "grp", "pwd", "resource"):
            raise ModuleNotFoundError(f"No module named '{name}'")


sys.meta_path.insert(0, Windows())
