from . import days, ladder
