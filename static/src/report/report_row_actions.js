import {markup} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";

/**
 * What can be done from a row (F8). Windows are the ones that exist already; when one is
 * closed the report is read anew.
 *
 * @param {Object} model reactive ReportModel
 * @param {() => Promise} reload
 */
export function useReportActions(model, reload) {
    const action = useService("action");
    const orm = useService("orm");

    const call = (resModel, name, resId, context = {}) =>
        action.doActionButton({
            type: "object",
            resModel,
            name,
            resId,
            resIds: [resId],
            // language, companies: a button of a view has them from its record
            context: {...user.context, ...context},
            onClose: reload,
        });
    /** What is sent is about the time that is on the screen. */
    const getPeriod = () => {
        const {period, date_from, date_to} = model.report.options;
        return model.report.features.includes("letter")
            ? {
                  default_period: period,
                  default_date_from: date_from,
                  default_date_to: date_to,
              }
            : {};
    };
    const open = (resModel, resId, views = [[false, "form"]]) =>
        action.doAction({
            type: "ir.actions.act_window",
            res_model: resModel,
            res_id: resId,
            views,
        });

    return {
        openEntry: (row) => open("account.move", row.move_id),
        openCustomer: (partnerId) => open("res.partner", partnerId),
        hold: (row) => call("account.move.line", "action_hold_followup", row.line_id),
        resume: (row) =>
            call("account.move.line", "action_followup_resume", row.line_id),
        sendReminder: (partnerId) =>
            call("res.partner", "action_send_followup", partnerId),
        sendStatement: (partnerId) =>
            call(
                "res.partner",
                "action_send_followup_statement",
                partnerId,
                getPeriod()
            ),
        logCall: (partnerId) =>
            call("res.partner", "action_log_followup_call", partnerId),
        /** Opens core's window for a note in the customer's chatter. */
        logNote: (partnerId, about) =>
            action.doAction(
                {
                    type: "ir.actions.act_window",
                    name: _t("Log a Note"),
                    res_model: "mail.compose.message",
                    views: [[false, "form"]],
                    target: "new",
                    context: {
                        default_model: "res.partner",
                        default_res_ids: [partnerId],
                        default_subtype_xmlid: "mail.mt_note",
                        default_partner_ids: [],
                        default_body: about ? markup`<p>${about}: </p>` : "",
                        default_email_add_signature: false,
                        clicked_on_full_composer: true,
                    },
                },
                {onClose: reload}
            ),
        setTrust: async (partnerId, trust) => {
            await orm.call("res.partner", "set_followup_trust", [[partnerId], trust]);
            await reload();
        },
    };
}
