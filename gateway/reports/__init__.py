"""The reports of the business: conversion, time in stages, losses, sources, answer times, workload, what bots are worth."""

from gateway.reports.catalogue import REPORTS, behind, make
from gateway.reports.report import Asked, Kind, Line, Report

__all__ = ["REPORTS", "Asked", "Kind", "Line", "Report", "behind", "make"]
