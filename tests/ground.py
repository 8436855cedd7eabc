from freezegun import freeze_time

from odoo.modules.registry import Registry
from odoo.sql_db import Savepoint
from odoo.tests import BaseCase, TransactionCase, get_db_name


class Ground:
    """What many classes of tests begin with, made once.

    A company with its chart of accounts, users and products take five seconds. They
    are made by the setUpClass of a class without tests, in a transaction that stays
    open; each class begins at a savepoint behind them, and its end leads back to it.
    A class that does not stand on this ground finds nothing of it: it is left before.
    """

    current = None

    @classmethod
    def lead(cls, layer, day):
        """Return the ground that stands, else let the layer lay it on that day."""
        if Ground.current is None:
            Ground.current = cls(layer)
            try:
                with freeze_time(day):
                    Ground.current._lay()
            except BaseException:
                Ground.current.leave()
                raise
        return Ground.current

    def __init__(self, layer):
        self.registry = Registry(get_db_name())
        self.layer = layer
        self.savepoint = None
        self.cr = self.registry.cursor()
        # what a class does with its cursor at its end
        self.cr.close = self._go_back
        self.set_up = BaseCase.__dict__["setUpClass"]
        BaseCase.setUpClass = classmethod(self._set_up_any)

    def _set_up_any(self, cls):
        if not issubclass(cls, self.layer):
            self.leave()
        self.set_up.__func__(cls)

    def _lay(self):
        layer = type(f"{self.layer.__name__}Ground", (self.layer,), {})
        before = set(vars(layer))
        self._hand_over_cursor()
        self.layer.setUpClass.__func__(layer)
        self.values = {n: v for n, v in vars(layer).items() if n not in before}
        self.cr.flush()
        self.savepoint = Savepoint(self.cr)
        layer.doClassCleanups()

    def _hand_over_cursor(self):
        """Let the next cursor that the registry gives be ours."""

        def give():
            del self.registry.cursor
            return self.cr

        self.registry.cursor = give

    def carry(self, cls, set_up):
        """Set a class up with what it needs without the ground, then on the ground."""
        before = dict(vars(cls))
        self._hand_over_cursor()
        set_up()
        own = {n for n, v in vars(cls).items() if v is not before.get(n)} - {"env"}
        for name, value in self.values.items():
            if name not in own:
                value = value.copy() if isinstance(value, dict | list | set) else value
                setattr(cls, name, value)

    def _go_back(self):
        self.cr.clear()
        for callbacks in (
            self.cr.postcommit,
            self.cr.prerollback,
            self.cr.postrollback,
        ):
            callbacks.clear()
        self.cr.cache.clear()
        if self.savepoint:
            self.savepoint.rollback()

    def leave(self):
        Ground.current = None
        BaseCase.setUpClass = self.set_up
        del self.cr.close
        self.cr.close()
        TransactionCase._gc_filestore()
