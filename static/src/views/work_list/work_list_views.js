import {extractFieldsFromArchInfo} from "@web/model/relational_model/utils";
import {registry} from "@web/core/registry";
import {unique} from "@web/core/utils/arrays";
import {KanbanController} from "@web/views/kanban/kanban_controller";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {addListToWindow} from "../send_window/customer_form";
import {useWorkList, withNumbers} from "./work_list_hook";
import {WorkListNumbers} from "./work_list_numbers";
import {WorkListRenderer, takeLazyFields} from "./work_list_renderer";

export class WorkListController extends ListController {
    static template = "account_payment_followup.WorkListView";
    static components = {...ListController.components, WorkListNumbers};

    setup() {
        super.setup();
        this.model.lazyFields = this.lazyFields;
        this.workList = useWorkList();
    }

    get modelParams() {
        const params = super.modelParams;
        const {activeFields} = extractFieldsFromArchInfo(
            this.archInfo,
            this.props.fields
        );
        this.lazyFields = takeLazyFields(activeFields);
        if (!this.props.state?.modelState) {
            takeLazyFields(params.config.activeFields);
        }
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
    Renderer: WorkListRenderer,
});
registry.category("views").add("followup_work_kanban", {
    ...kanbanView,
    Controller: WorkListKanbanController,
});
