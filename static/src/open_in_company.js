import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {redirect} from "@web/core/utils/urls";

/**
 * Opens an address of the web client with another of the user's companies as the current
 * one: a form says what the current company knows, whatever the context of its action.
 *
 * @param {Object} env
 * @param {{params: {company_ids: number[], url: string}}} action
 */
function openInCompany(env, {params}) {
    user.activateCompanies(params.company_ids, {
        includeChildCompanies: false,
        reload: false,
    });
    redirect(params.url);
}

registry.category("actions").add("account_followup_open_in_company", openInCompany);
