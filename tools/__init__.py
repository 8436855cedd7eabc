from . import ageing, days, ladder, links, names, paper, periods
