import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

const NOTICE_SECONDS = 10;

/**
 * Says what left, with a link to it, and lets it be called back for some seconds. The
 * notice stays on the screen while the window closes, or the next one opens.
 */
export function showSent(env, {params}) {
    const {action: actions, notification, orm} = env.services;
    const {download, link, message, next, sticky, title, type, undo} = params;
    const buttons = [];
    let close = null;
    if (undo) {
        buttons.push({
            name: _t("Undo"),
            primary: true,
            onClick: async () => {
                close();
                const text = await orm.call(undo.model, "action_undo", [[undo.id]]);
                notification.add(text, {type: "info"});
                if (!document.querySelector(".o_dialog")) {
                    await actions.doAction("soft_reload"); // it would close a window
                }
            },
        });
    }
    if (link) {
        buttons.push({
            name: link.name,
            onClick: async () => {
                close();
                await actions.doAction(link.action);
            },
        });
    }
    close = notification.add(message, {
        autocloseDelay: 1000 * (undo?.seconds || NOTICE_SECONDS),
        buttons,
        sticky,
        title,
        type,
    });
    if (download) {
        actions.doAction({type: "ir.actions.act_url", url: download});
    }
    return next;
}

registry.category("actions").add("account_followup_sent", showSent);
