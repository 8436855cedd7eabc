from . import ageing, days, ladder, paper, periods
