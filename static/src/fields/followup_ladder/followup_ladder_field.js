import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** The follow-up levels of a customer: what stands on each, what comes to it. */
export class FollowupLadderField extends Component {
    static template = "account_payment_followup.FollowupLadderField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get steps() {
        return this.props.record.data[this.props.name] || [];
    }

    async open(step, kind) {
        const {resModel, resId} = this.props.record;
        const action = await this.orm.call(resModel, "action_view_followup_level", [
            [resId],
            step.id,
            kind,
        ]);
        await this.action.doAction(action);
    }
}

registry.category("fields").add("followup_ladder", {
    component: FollowupLadderField,
    displayName: _t("Follow-up Levels"),
    supportedTypes: ["json"],
});
