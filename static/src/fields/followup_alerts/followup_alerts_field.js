import {ActionableErrorsField} from "@account/components/actionable_errors/actionable_errors";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";

/** Alerts of a window: a contact opens on top of it, so that nothing typed is lost. */
export class FollowupAlertsField extends ActionableErrorsField {
    setup() {
        super.setup();
        this.dialogs = useService("dialog");
    }

    async handleOnClick(errorData) {
        const {action} = errorData;
        if (action?.res_model !== "res.partner" || !action.res_id) {
            return super.handleOnClick(errorData);
        }
        const {record} = this.props;
        this.dialogs.add(FormViewDialog, {
            resModel: action.res_model,
            resId: action.res_id,
            title: errorData.action_text,
            onRecordSaved: () =>
                record.update({contact_changes: record.data.contact_changes + 1}),
        });
    }
}

registry.category("fields").add("followup_alerts", {component: FollowupAlertsField});
