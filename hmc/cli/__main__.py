"""`python -m hmc.cli` is `hmc`."""

from hmc.cli.main import program

if __name__ == "__main__":  # a worker process may import the main script
    program()
