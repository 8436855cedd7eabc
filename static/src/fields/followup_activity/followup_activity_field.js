import {KanbanActivity} from "@mail/views/web/fields/kanban_activity/kanban_activity";
import {ListActivity} from "@mail/views/web/fields/list_activity/list_activity";

import {registry} from "@web/core/registry";

/**
 * Return what core's button of activities reads of a record, for the customer of a row:
 * its data stand in the row, the activities hang on the customer.
 */
function getCustomer(record) {
    return {
        data: record.data,
        resId: record.data.partner_id.id,
        resModel: "res.partner",
        load: () => record.load(),
    };
}

const fieldDependencies = [
    ...ListActivity.fieldDependencies,
    {name: "partner_id", type: "many2one", relation: "res.partner"},
];

export class FollowupListActivity extends ListActivity {
    static template = "account_payment_followup.ListActivity";

    get customer() {
        return getCustomer(this.props.record);
    }
}

export class FollowupKanbanActivity extends KanbanActivity {
    static template = "account_payment_followup.KanbanActivity";

    get customer() {
        return getCustomer(this.props.record);
    }
}

registry.category("fields").add("list.followup_activity", {
    component: FollowupListActivity,
    fieldDependencies,
    supportedTypes: ["many2many"],
});

registry.category("fields").add("kanban.followup_activity", {
    component: FollowupKanbanActivity,
    fieldDependencies,
    supportedTypes: ["many2many"],
});
