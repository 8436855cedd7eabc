from odoo.orm.model_classes import add_to_registry

from .common import FollowupCommon


class ProofCommon(FollowupCommon):
    """Adds what another module would write for a documented hook."""

    @classmethod
    def _add_models(cls, models):
        """Add the models of an example, until the class has ended."""
        bases = {
            model._name: cls.registry[model._name]._base_classes__
            for model in models
            if model._name in cls.registry
        }
        cls.addClassCleanup(cls._remove_models, models, bases)
        for model in models:
            add_to_registry(cls.registry, model)
        names = [model._name for model in models]
        cls.registry._setup_models__(cls.env.cr, names)
        cls.registry.init_models(cls.env.cr, names, {})

    @classmethod
    def _remove_models(cls, models, bases):
        for model in models:
            name = model._name
            if name in bases:
                cls.registry[name]._base_classes__ = bases[name]
                continue
            for parent in ("base", *(model._inherit or ())):
                cls.registry[parent]._inherit_children.discard(name)
            del cls.registry.models[name]
        cls.registry._setup_models__(cls.env.cr)
