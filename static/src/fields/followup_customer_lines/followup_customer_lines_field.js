import {registry} from "@web/core/registry";
import {x2ManyField} from "@web/views/fields/x2many/x2many_field";
import {FollowupNarrowLinesField} from "../followup_narrow_lines/followup_narrow_lines_field";

/** Customers of a run: a row leads to the customer, the arrows there to the next one. */
export class FollowupCustomerLinesField extends FollowupNarrowLinesField {
    async openRecord(record) {
        const action = await this.env.services.orm.call(
            record.resModel,
            "action_open_customer",
            [[record.resId]]
        );
        const resIds = this.list.records.map((line) => line.data.partner_id.id);
        const props = action.res_id ? {resIds} : {};
        return this.action.doAction(action, {props});
    }
}

export const followupCustomerLinesField = {
    ...x2ManyField,
    component: FollowupCustomerLinesField,
};

registry.category("fields").add("followup_customer_lines", followupCustomerLinesField);
