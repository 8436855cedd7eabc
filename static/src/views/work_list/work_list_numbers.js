import {Component} from "@odoo/owl";

import {_t} from "@web/core/l10n/translation";

/**
 * The head of the work-list: four numbers, each a filter, and the button for all who
 * are due.
 */
export class WorkListNumbers extends Component {
    static template = "account_payment_followup.WorkListNumbers";
    static props = {workList: Object};

    get numbers() {
        return this.props.workList.numbers;
    }

    get items() {
        const {numbers} = this;
        return [
            {filter: "overdue", label: _t("Overdue"), count: numbers.overdue},
            {
                filter: "in_need_of_action",
                label: _t("To Remind Today"),
                count: numbers.in_need_of_action,
            },
            {
                filter: "promised",
                label: _t("Promised This Week"),
                count: numbers.promised,
            },
            {
                filter: "promise_broken",
                label: _t("Broken Promises"),
                count: numbers.promise_broken,
            },
        ];
    }

    /** The filter alone: beside another one it would not show what was counted. */
    onClick(name) {
        const {searchModel} = this.env;
        const filter = Object.values(searchModel.searchItems).find(
            (item) => item.type === "filter" && item.name === name
        );
        searchModel.blockNotification = true;
        for (const facet of searchModel.facets) {
            if (facet.type !== "groupBy") {
                searchModel.deactivateGroup(facet.groupId);
            }
        }
        searchModel.blockNotification = false;
        searchModel.toggleSearchItem(filter.id);
    }
}
