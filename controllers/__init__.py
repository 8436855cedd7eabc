from . import page, page_payment, report
