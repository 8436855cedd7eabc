import {
    Component,
    onMounted,
    onPatched,
    onWillStart,
    useRef,
    useState,
} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {download} from "@web/core/network/download";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {usePager} from "@web/search/pager_hook";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ReportFilters} from "./report_filters";
import {ReportModel} from "./report_model";
import {
    compact,
    openOptions,
    optionsToState,
    remember,
    sortBy,
    stateToOptions,
    switchVariant,
} from "./report_options";
import {AgeingBar, BalanceChart} from "./report_pictures";
import {getAgeing, getVisibleColumns} from "./report_rows";
import {ReportTable} from "./report_table";
import {useReportActions} from "./report_row_actions";

const TAG = "account_payment_followup.report";
const SEARCH_DELAY = 350;

/** The reports on customers: all four are this screen with other options. */
export class FollowupReport extends Component {
    static template = "account_payment_followup.FollowupReport";
    static components = {AgeingBar, BalanceChart, Layout, ReportFilters, ReportTable};
    static props = {...standardActionServiceProps};
    static path = "customer-reports";
    static displayName = _t("Customer Reports");

    setup() {
        this.action = useService("action");
        this.ui = useService("ui");
        this.model = useState(new ReportModel(useService("orm"), {}));
        this.state = useState({search: "", rights: {}});
        this.bodyRef = useRef("body");
        this.searchLater = useDebounced(
            (value) => this.change({search: value}),
            SEARCH_DELAY
        );
        this.rowActions = useReportActions(this.model, () => this.model.load());
        useSetupAction({
            getLocalState: () => this.exportState(),
            getGlobalState: () => ({followupReport: this.exportState()}),
        });
        usePager(() => this.pagerProps);
        onWillStart(() => this.start());
        onMounted(() => this.restoreScroll());
        onPatched(() => this.restoreScroll());
    }

    // -------------------------------------------------------------------------
    // Opening, leaving and coming back
    // -------------------------------------------------------------------------

    async start() {
        const [canWork, canEdit] = await Promise.all([
            user.hasGroup("account.group_account_invoice"),
            user.checkAccessRight("res.partner", "write"),
        ]);
        this.state.rights = {canWork, canNote: canWork && canEdit};
        const saved = this.props.state || this.props.globalState?.followupReport;
        if (saved?.options) {
            this.scroll = saved.scroll;
            await this.model.restore(saved);
        } else {
            await this.model.load(this.getFirstOptions());
        }
        this.afterLoad();
    }

    getFirstOptions() {
        const params = this.props.action.params || {};
        const given = stateToOptions(params) || {};
        // an address says everything, a menu or button leaves the rest to the last time
        return params.report ? given : openOptions(given);
    }

    exportState() {
        const body = this.bodyRef.el;
        const scroll = body && {top: body.scrollTop, left: body.scrollLeft};
        return {...this.model.exportState(), scroll};
    }

    restoreScroll() {
        if (this.scroll && this.bodyRef.el) {
            this.bodyRef.el.scrollTo(this.scroll);
            this.scroll = null;
        }
    }

    afterLoad() {
        const {options, error, report} = this.model;
        this.state.search = options.search || "";
        if (!error) {
            remember(options);
            this.env.config.setDisplayName(report.title);
        }
        this.props.updateActionState?.(optionsToState(options));
    }

    // -------------------------------------------------------------------------
    // Choices
    // -------------------------------------------------------------------------

    async load(options) {
        // what is still being typed was meant for what was there before
        this.searchLater.cancel();
        await this.model.load(options);
        this.afterLoad();
    }

    /** Shows the same report with some other choices, from its first page. */
    change(changes) {
        return this.load({...this.options, offset: 0, ...changes});
    }

    switchTo(variant) {
        return this.load(switchVariant(this.options, variant));
    }

    sort(column) {
        return this.load(sortBy(this.options, column.name, column.type === "amount"));
    }

    /** Shows the report without any choice; one that cannot be read gives way. */
    async reset() {
        const {variant, ...chosen} = compact(this.options);
        const isHopeless = this.model.error && !Object.keys(chosen).length;
        await this.load(isHopeless ? {} : {variant});
        if (this.model.error && !isHopeless) {
            await this.load({});
        }
    }

    async toggleAll() {
        if (this.options.unfold) {
            this.model.options = {...this.options, unfold: false};
            this.model.foldAll();
        } else {
            this.model.options = {...this.options, unfold: true};
            await this.model.unfoldAll();
        }
        this.afterLoad();
    }

    onSearchKeydown(ev) {
        if (ev.key === "Enter") {
            this.change({search: ev.target.value});
        } else if (ev.key === "Escape" && ev.target.value) {
            ev.preventDefault();
            this.change({search: ""});
        }
    }

    // -------------------------------------------------------------------------
    // What leaves the screen
    // -------------------------------------------------------------------------

    /** Downloads the report, of one customer or of all that are chosen. */
    async export(format, partnerId) {
        // a sheet is folded and unfolded by whoever has it
        const isPaper = format === "pdf" && !partnerId;
        const options = {
            ...(isPaper ? this.model.printed : this.model.chosen),
            offset: 0,
        };
        if (partnerId) {
            options.partner_ids = [partnerId];
        }
        this.ui.block();
        try {
            await download({
                url: `/account_payment_followup/report/${format}`,
                data: {options: JSON.stringify(options)},
            });
        } finally {
            this.ui.unblock();
        }
    }

    /** Opens the statement of a customer on top, so that the way back leads here. */
    openStatement(partnerId) {
        const {currency_ids, draft} = this.options;
        return this.action.doAction({
            type: "ir.actions.client",
            tag: TAG,
            params: {
                variant: this.report.statement_variant,
                partner_ids: [partnerId],
                currency_ids,
                draft,
            },
        });
    }

    // -------------------------------------------------------------------------
    // For the template
    // -------------------------------------------------------------------------

    get report() {
        return this.model.report;
    }

    get options() {
        return this.model.options;
    }

    get columns() {
        return getVisibleColumns(this.report, this.model.lines, this.env.isSmall);
    }

    get pagerProps() {
        if (!this.report?.count) {
            return null;
        }
        const {offset, limit} = this.report.options;
        return {
            offset,
            limit,
            total: this.report.count,
            onUpdate: (page) => this.change({offset: page.offset, limit: page.limit}),
        };
    }

    /** The customer whose report it is, when it is about one. */
    get partnerId() {
        const {partner_ids = []} = this.options;
        const isOne = partner_ids.length === 1 && this.report?.count;
        return isOne ? this.report.rows[0].partner_id : false;
    }

    get hasFollowups() {
        return Boolean(this.report?.has_followups);
    }

    get pdfTitle() {
        const {report, model} = this;
        if (!report || report.features.includes("letter")) {
            return _t("A letter to each customer");
        }
        return model.hasLines
            ? _t("With the lines that are unfolded")
            : _t("Totals only: unfold customers to print their lines");
    }

    /** Returns the ageing of all, a bar for each currency. */
    get ageings() {
        return this.report.totals
            .map((row) => ({
                id: row.id,
                name: row.name,
                currencyId: row.currency_id,
                ageing: getAgeing(row, this.report.columns),
            }))
            .filter(({ageing}) => ageing.some(({value}) => value));
    }

    get errorMessage() {
        const {error} = this.model;
        const name = error?.exceptionName || "";
        return name.startsWith("odoo.exceptions.")
            ? error.data.message
            : _t("The report could not be read. Try again, or ask your administrator.");
    }
}

registry.category("actions").add(TAG, FollowupReport);
