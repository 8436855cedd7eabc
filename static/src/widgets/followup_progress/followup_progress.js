import {Component, onMounted, onWillUnmount} from "@odoo/owl";

import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** So often, in milliseconds, a run that goes on in the background is read again. */
export const INTERVAL = 3000;

/** So often it is read again when it has ended, while messages are still queued. */
export const TRIES = 10;

/**
 * Shows a run as it stands, without a click, until it has ended.
 *
 * It draws nothing: the form shows the counts. A page that nobody sees asks nothing.
 */
export class FollowupProgress extends Component {
    static template = "account_payment_followup.FollowupProgress";
    static props = {...standardWidgetProps};

    setup() {
        this.isLoading = false;
        this.tries = TRIES;
        onMounted(() => {
            this.timer = browser.setInterval(() => this.refresh(), INTERVAL);
        });
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    async refresh() {
        const {record} = this.props;
        const isRunning = record.data.state === "running";
        const isQueued = record.data.queued_count && this.tries > 0;
        if (!(isRunning || isQueued) || this.isLoading || document.hidden) {
            return;
        }
        this.tries -= isRunning ? 0 : 1;
        this.isLoading = true;
        try {
            await record.load();
        } finally {
            this.isLoading = false;
        }
    }
}

registry.category("view_widgets").add("followup_progress", {
    component: FollowupProgress,
    fieldDependencies: [{name: "state", type: "selection"}],
});
