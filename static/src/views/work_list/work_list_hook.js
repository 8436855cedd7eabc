import {
    markup,
    onMounted,
    onWillStart,
    status,
    useComponent,
    useState,
} from "@odoo/owl";

import {_t} from "@web/core/l10n/translation";
import {unique} from "@web/core/utils/arrays";
import {useService} from "@web/core/utils/hooks";
import {user} from "@web/core/user";

const MODEL = "account.followup.customer";

/**
 * What list and cards of the work-list have in common: the numbers at their head, the
 * button for all who are due, and a customer who opens with the pager of the list.
 */
export function useWorkList() {
    const component = useComponent();
    const action = useService("action");
    const orm = useService("orm");

    const workList = useState({numbers: null, canSend: false});

    /** Counts beside the list: the rule is asked once more, and nobody waits for it. */
    async function load() {
        const numbers = await orm.silent.call(MODEL, "get_work_list_numbers", [[]]);
        if (status(component) !== "destroyed") {
            workList.numbers = numbers;
        }
    }

    /** Opens a customer; the arrows lead through the list as it is filtered and sorted. */
    async function open(record, {newWindow} = {}) {
        const doAction = await orm.call(MODEL, "action_open_customer", [
            [record.resId],
        ]);
        const company = record.data.company_id?.id;
        const rows = component.model.root.records.filter(
            (row) => row.data.company_id?.id === company
        );
        const resIds = unique(rows.map((row) => row.data.partner_id.id));
        const props = doAction.res_id ? {resIds} : {};
        return action.doAction(doAction, {newWindow, props});
    }

    /** An empty list says whether nobody is late, or nobody is found. */
    function getHelp() {
        const {numbers} = workList;
        if (!numbers?.customers) {
            return component.props.info.noContentHelp;
        }
        const {facets} = component.env.searchModel;
        const isDue = facets.length === 1 && !numbers.in_need_of_action;
        const title = isDue
            ? _t("Nobody has to be reminded today")
            : _t("No customer matches");
        const text = _t("Take the filters away to see everybody who owes something.");
        return markup`<p class="o_view_nocontent_smiling_face">${title}</p><p>${text}</p>`;
    }

    async function processAll() {
        const window = await orm.call(MODEL, "action_process_all_due", [[]]);
        return action.doAction(window, {onClose: () => component.model.load()});
    }

    /** Opens the desk for what is selected, else for the customers of the page. */
    async function openDesk() {
        const {records, selection} = component.model.root;
        const rows = selection?.length ? selection : records;
        const {action: doAction, ids} = await orm.call(MODEL, "action_open_desk", [
            rows.map((row) => row.resId),
        ]);
        return action.doAction(doAction, {props: {resIds: ids}});
    }

    onWillStart(async () => {
        workList.canSend = await user.hasGroup("account.group_account_invoice");
    });
    onMounted(load);
    return Object.assign(workList, {getHelp, load, open, openDesk, processAll});
}

/**
 * Returns hooks of a model that count anew when the list is read again, but not when
 * only its filters have changed: they change none of the numbers.
 */
export function withNumbers(hooks, getWorkList) {
    let domain = null;
    return {
        ...hooks,
        onRootLoaded: async (root) => {
            await hooks?.onRootLoaded?.(root);
            const asked = JSON.stringify([root.domain, root.groupBy, root.offset]);
            if (asked === domain) {
                getWorkList()?.load();
            }
            domain = asked;
        },
    };
}
