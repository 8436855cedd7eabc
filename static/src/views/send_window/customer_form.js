import {registry} from "@web/core/registry";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

/** Tells the window Send and Print through which customers *Send & Next* leads. */
export function addListToWindow(clickParams, partnerIds) {
    if (clickParams.name === "action_send_followup" && partnerIds.length > 1) {
        clickParams.buttonContext = {
            ...clickParams.buttonContext,
            followup_list_partner_ids: partnerIds,
        };
    }
}

/** The customer at the follow-ups, opened from a list. */
export class CustomerFormController extends FormController {
    async beforeExecuteActionButton(clickParams) {
        addListToWindow(clickParams, this.model.root.resIds || []);
        return super.beforeExecuteActionButton(clickParams);
    }
}

registry.category("views").add("followup_customer_form", {
    ...formView,
    Controller: CustomerFormController,
});
