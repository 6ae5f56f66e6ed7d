"""Robots: what a funnel does by itself, because a deal has entered a stage or because something has happened.

Pure, like the scripts: rules are read from the playbook, the machine answers with effects, the gateway obeys.
"""
