from . import ageing, days, ladder, periods
