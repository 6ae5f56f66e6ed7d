"""How often a process that serves for long collects its garbage: seldom. Each collection stops whatever else it does."""

import gc


def collect_seldom() -> None:
    """What is there by now stays. A batch makes some 20,000 objects and drops them again: a collection for each would only
    walk them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
