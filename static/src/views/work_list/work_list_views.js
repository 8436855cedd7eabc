import {registry} from "@web/core/registry";
import {unique} from "@web/core/utils/arrays";
import {KanbanController} from "@web/views/kanban/kanban_controller";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {NarrowListRenderer} from "../narrow_list/narrow_list";
import {addListToWindow} from "../send_window/customer_form";
import {useWorkList, withNumbers} from "./work_list_hook";
import {WorkListNumbers} from "./work_list_numbers";

export class WorkListController extends ListController {
    static template = "account_payment_followup.WorkListView";
    static components = {...ListController.components, WorkListNumbers};

    setup() {
        super.setup();
        this.workList = useWorkList();
    }

    get modelParams() {
        const params = super.modelParams;
        return {...params, hooks: withNumbers(params.hooks, () => this.workList)};
    }

    async openRecord(record, options) {
        return this.workList.open(record, options);
    }

    async beforeExecuteActionButton(clickParams) {
        const {records} = this.model.root;
        addListToWindow(
            clickParams,
            unique(records.map((row) => row.data.partner_id.id))
        );
        return super.beforeExecuteActionButton(clickParams);
    }
}

export class WorkListKanbanController extends KanbanController {
    static template = "account_payment_followup.WorkListKanbanView";
    static components = {...KanbanController.components, WorkListNumbers};

    setup() {
        super.setup();
        this.workList = useWorkList();
    }

    get modelParams() {
        const params = super.modelParams;
        return {...params, hooks: withNumbers(params.hooks, () => this.workList)};
    }

    async openRecord(record, options) {
        return this.workList.open(record, options);
    }

    async beforeExecuteActionButton(clickParams) {
        const {records} = this.model.root;
        addListToWindow(
            clickParams,
            unique(records.map((row) => row.data.partner_id.id))
        );
        return super.beforeExecuteActionButton(clickParams);
    }
}

registry.category("views").add("followup_work_list", {
    ...listView,
    Controller: WorkListController,
    Renderer: NarrowListRenderer,
});
registry.category("views").add("followup_work_kanban", {
    ...kanbanView,
    Controller: WorkListKanbanController,
});
