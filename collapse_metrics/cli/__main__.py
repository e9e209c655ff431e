"""The command line, as `python -m collapse_metrics.cli`."""

from collapse_metrics.cli import main

if __name__ == "__main__":
    main()
