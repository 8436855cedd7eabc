import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {
    StateSelectionField,
    stateSelectionField,
} from "@web/views/fields/state_selection/state_selection_field";

/**
 * Trust in a customer as a coloured dot with a menu.
 *
 * In lists and cards a choice is saved at once. In a form the text stands beside the dot
 * and the choice is saved with the form.
 */
export class FollowupTrustField extends StateSelectionField {
    static template = "account_payment_followup.FollowupTrustField";
    static props = {
        ...StateSelectionField.props,
        isInForm: {type: Boolean, optional: true},
    };

    setup() {
        super.setup();
        this.colors = {good: "green", bad: "red"};
    }

    get currentValue() {
        return this.props.record.data[this.props.name] || "normal";
    }

    get isReadonly() {
        // a form that may not be edited says so by its record only
        return (
            this.props.readonly ||
            (this.props.isInForm && !this.props.record.isInEdition)
        );
    }

    get ariaLabel() {
        return _t("Trust: %s", this.label);
    }

    /**
     * Lists and cards take Enter and Space to open or select a record. On the dot they
     * open the menu, as on any button.
     */
    onKeydown(ev) {
        const isOpen = ev.currentTarget.getAttribute("aria-expanded") === "true";
        if (!isOpen && ["Enter", " "].includes(ev.key)) {
            ev.stopPropagation();
        }
    }
}

export const followupTrustField = {
    ...stateSelectionField,
    component: FollowupTrustField,
    displayName: _t("Trust"),
    extractProps({options, viewType}) {
        const isInForm = viewType === "form";
        return {
            ...stateSelectionField.extractProps(...arguments),
            showLabel: "hide_label" in options ? !options.hide_label : isInForm,
            autosave: "autosave" in options ? Boolean(options.autosave) : !isInForm,
            withCommand: false,
            isInForm,
        };
    },
};

registry.category("fields").add("followup_trust", followupTrustField);
