from ast import literal_eval

from markupsafe import Markup

from odoo import Command, api, models
from odoo.tools import SQL, formataddr
from odoo.tools.mail import email_normalize, email_split_and_format

from ..tools import links
from ..tools.sql import get_fields

#: What the references of a message are read from.
FIELDS_READ = {"mail.message": ("message_id", "message_type", "model")}


def get_headers(mail):
    """Return the headers of the values of an e-mail, which are kept as text."""
    return literal_eval(mail["headers"]) if mail.get("headers") else {}


class AccountFollowupChatter(models.AbstractModel):
    """Messages in the chatters of many customers, as core's ``message_post`` does it.

    Core posts and notifies one message after the other, with some twenty queries each.
    Here the same is read and written for all of them together; what is decided for a
    single message (layout, groups of recipients, headers) is asked of core's methods.
    """

    _name = "account.followup.chatter"
    _description = "Messages of Payment Follow-ups"

    @api.model
    def _post_messages(self, posts):
        """Post messages on customers of the company, and queue their notifications.

        :param posts: list of dicts: ``partner`` (the customer), ``values`` (of
            mail.message, ``partner_ids`` as a list of ids), and if there are any:
            ``recipients`` (contacts who get an e-mail of their own each), ``lang``
            (code of the language of the e-mail), ``files`` (attachments of ``owner``),
            ``secrets`` (what the links of recipients open with), ``email_cc`` and
            ``attachments`` ((name, content) pairs, kept as such). Added to it are the
            ``message`` and ``mails``, {id of a recipient: e-mail}
        :return: the messages, in this order
        """
        if not posts:
            return self.env["mail.message"]
        self._complete_posts(posts)
        messages = self.env["res.partner"]._message_create(
            [self._get_message_values(post) for post in posts]
        )
        for post, message in zip(posts, messages, strict=True):
            post["message"] = message
            post["partner"]._message_post_after_hook(message, post["values"])
        self._notify_posts(posts)
        return messages

    @api.model
    def _get_message_values(self, post):
        """Return the values of a message as it is created."""
        return post["values"]

    @api.model
    def _complete_posts(self, posts):
        """Add to the values what ``message_post`` adds, and create the attachments."""
        partners = self.env["res.partner"].union(*(post["partner"] for post in posts))
        references = self._get_references(partners)
        domains = partners._mail_get_alias_domains(default_company=self.env.company)
        note = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
        for post in posts:
            partner, values = post["partner"], post["values"]
            author_id, email_from = partners._message_compute_author(
                values.get("author_id"), values.get("email_from")
            )
            post["references"] = references[partner.id]
            post["values"] = {
                "author_guest_id": False,
                "email_add_signature": False,
                "partner_ids": post["recipients"].ids if "recipients" in post else [],
                "subtype_id": note,
                "record_alias_domain_id": domains[partner.id].id,
                "record_company_id": self.env.company.id,
                **values,
                "author_id": author_id,
                "email_from": email_from,
                "model": partner._name,
                "res_id": partner.id,
                "parent_id": False,  # a contact is no flat thread of core
            }
        self._set_reply_to(partners, posts)
        self._create_post_attachments(posts)

    @api.model
    def _set_reply_to(self, partners, posts):
        """Say where answers go: to the customer's chatter, when there is an alias."""
        values = {post["partner"].id: post["values"] for post in posts}
        reply_to = partners._notify_get_reply_to_batch(
            defaults={key: value["email_from"] for key, value in values.items()},
            author_ids={key: value["author_id"] for key, value in values.items()},
        )
        for post in posts:
            post["values"].setdefault("reply_to", reply_to[post["partner"].id])

    @api.model
    def _create_post_attachments(self, posts):
        """Create the attachments of all messages.

        They belong to what is sent, not to the customer whom more people may read.
        """
        files = [(one, *file) for one in posts for file in one.get("attachments", ())]
        attachments = self.env["ir.attachment"].create(
            [self._prepare_attachment(*file) for file in files]
        )
        for post in posts:
            ids = post["files"].ids if "files" in post else []
            # "clear" says nothing, but lets core check the files with our rights: the
            # sender may send what is not his to open
            commands = [Command.clear(), *map(Command.link, ids)]
            post["values"]["attachment_ids"] = commands
        for (post, _name, _content), attachment in zip(files, attachments, strict=True):
            post["values"]["attachment_ids"].append(Command.link(attachment.id))

    @api.model
    def _prepare_attachment(self, post, name, content):
        return {
            "name": name,
            "description": name,
            "raw": content,
            "res_model": post["owner"]._name,
            "res_id": post["owner"].id,
        }

    @api.model
    def _get_references(self, partners):
        """Return what new messages refer to in the chatters of customers.

        The rules of core's ``_notify_by_email_get_base_mail_values``, for many
        customers in one query.

        :return: dict {customer id: list of Message-Ids}
        """
        query = SQL(
            "SELECT partner.id, %(references)s FROM unnest(%(ids)s) partner(id)",
            ids=partners.ids,
            references=self._get_sql_references(),
            to_flush=get_fields(self.env, FIELDS_READ),
        )
        return {key: ids or [] for key, ids in self.env.execute_query(query)}

    @api.model
    def _get_sql_references(self):
        """Return SQL: the Message-Ids of the last three public messages, oldest first.

        Of what is public, of what was sent, and of anything but notices to users.
        """
        return SQL(
            """
            (SELECT ARRAY_AGG(best.message_id ORDER BY best.id)
               FROM (SELECT recent.id, recent.message_id
                       FROM (SELECT message.*, subtype.internal
                               FROM mail_message message
                               JOIN mail_message_subtype subtype
                                 ON subtype.id = message.subtype_id
                              WHERE message.model = 'res.partner'
                                AND message.res_id = partner.id
                                AND message.message_id IS NOT NULL
                              ORDER BY message.id DESC
                              LIMIT 32) recent
                      ORDER BY recent.is_internal IS NOT TRUE
                               AND recent.internal IS NOT TRUE DESC,
                               recent.message_type IN (
                                   'comment', 'auto_comment', 'email', 'email_outgoing'
                               ) DESC,
                               recent.message_type NOT IN (
                                   'user_notification', 'out_of_office'
                               ) DESC,
                               recent.id DESC
                      LIMIT 3) best)
            """
        )

    # ------------------------------------------------------------------
    # Notifications
    # ------------------------------------------------------------------

    @api.model
    def _notify_posts(self, posts):
        """Notify recipients and followers: e-mails are queued, nothing is sent."""
        mails, notifications = [], []
        for post, recipients in zip(
            posts, self._get_post_recipients(posts), strict=True
        ):
            partner = post["partner"].with_context(
                lang=post.get("lang") or self.env.lang,
                email_notification_allow_footer=True,
            )
            # a customer who is a user: rare enough to be done one by one
            partner._notify_thread_by_inbox(post["message"], recipients, post["values"])
            mine = [
                (self._complete_mail(post, mail, ids), ids)
                for mail, ids in self._prepare_mails(partner, post, recipients)
            ]
            for mail, ids in [*mine, *self._prepare_copies(post, mine)]:
                mails.append(mail)
                notifications.append((partner, post["message"], ids))
        self._note_mails(posts, self._create_mails(mails, notifications), notifications)

    @api.model
    def _note_mails(self, posts, mails, notifications):
        """Note in the posts by which e-mail each recipient gets them."""
        by_recipient = {
            (message, id_): mail
            for mail, (_partner, message, ids) in zip(mails, notifications, strict=True)
            for id_ in ids
        }
        for post in posts:
            pairs = [(post["message"], id_) for id_ in post["values"]["partner_ids"]]
            post["mails"] = {
                pair[1]: by_recipient[pair] for pair in pairs if pair in by_recipient
            }

    @api.model
    def _create_mails(self, mails, notifications):
        """Queue e-mails, and note for each of their recipients that one is under way.

        :param mails: list of values of mail.mail
        :param notifications: of each of them customer, message and ids of recipients
        :return: the e-mails, in this order
        """
        mails = self.env["mail.mail"].create(mails)
        pairs = zip(mails, notifications, strict=True)
        self.env["mail.notification"].create(
            [
                {
                    **partner._notify_by_email_get_base_notification_values(message),
                    "mail_mail_id": mail.id,
                    "res_partner_id": recipient_id,
                }
                for mail, (partner, message, ids) in pairs
                for recipient_id in self._get_notified(ids)
            ]
        )
        return mails

    @api.model
    def _get_notified(self, ids):
        """Return of whom it is noted that an e-mail to them is under way."""
        return ids

    @api.model
    def _get_post_recipients(self, posts):
        """Return for each post the data of its recipients and of its followers.

        See core's ``_notify_get_recipients``: without its author and who is archived.
        But who is to get an e-mail gets one, whatever core would do with a notice: as
        the author, as a user who reads notices in Odoo.
        """
        get_data = self.env["mail.followers"]._get_recipient_data
        values = [post["values"] for post in posts]
        kind, subtype = values[0]["message_type"], values[0]["subtype_id"]
        partners = self.env["res.partner"].union(*(post["partner"] for post in posts))
        following = get_data(partners, kind, subtype, [])
        ids = sorted({id_ for value in values for id_ in value["partner_ids"]})
        direct = get_data(None, kind, subtype, ids)[0] if ids else {}
        authors = {
            author_id: partners._message_compute_real_author(author_id).id
            for author_id in {value["author_id"] for value in values}
        }
        result = []
        for post, value in zip(posts, values, strict=True):
            mine = dict(following[value["res_id"]])
            for id_ in value["partner_ids"]:
                mine[id_] = dict(direct[id_], is_follower=id_ in mine)
            mine.pop(authors[value["author_id"]], None)
            mine = {id_: data for id_, data in mine.items() if data["active"]}
            if "recipients" in post:
                mine = self._add_email_recipients(mine, post["recipients"], direct)
            result.append(list(mine.values()))
        return result

    @api.model
    def _add_email_recipients(self, followers, recipients, direct):
        """Return the data of followers and recipients: one e-mail for each address.

        A recipient is a customer, also one who is a user: without the buttons of those.

        :param dict followers: {id: data}, ``direct`` the same of recipients
        """
        email = self.env["account.followup.channels"]._get("email")
        addresses = {one for who in recipients for one in email._get_addresses(who)}
        customer = {"notif": "email", "type": "customer", "is_follower": False}
        return {
            **{
                id_: data
                for id_, data in followers.items()
                if data["notif"] != "email" or data["email_normalized"] not in addresses
            },
            **{one.id: dict(direct[one.id], **customer) for one in recipients},
        }

    @api.model
    def _prepare_mails(self, partner, post, recipients):
        """Return the e-mails of a message: one for each recipient, and for followers
        one for each language and kind.

        :return: list of (values of mail.mail, ids of who gets it)
        """
        recipients = [data for data in recipients if data["notif"] == "email"]
        if not recipients:
            return []
        message = post["message"]
        values = dict(post["values"], tracking_value_ids=False)
        base = self._prepare_mail(partner, post, recipients)
        mails = []
        for _lang, context, group in partner._notify_get_classified_recipients_iterator(
            message,
            recipients,
            values,
            force_email_company=self.env.company,
            force_email_lang=post.get("lang"),
        ):
            body = partner._notify_by_email_render_layout(
                message, group, values, context
            )
            for ids in self._split_recipients(post, group["recipients_ids"]):
                mail = partner._notify_by_email_get_final_mail_values(
                    ids, base, {"body_html": body}
                )
                mails.append((mail, ids))
        return mails

    @api.model
    def _split_recipients(self, post, ids):
        """Return lists of those who share an e-mail: followers, and each recipient."""
        own = post["recipients"].ids if "recipients" in post else []
        followers = [id_ for id_ in ids if id_ not in own]
        parts = [[id_] for id_ in ids if id_ in own]
        return [*parts, followers] if followers else parts

    @api.model
    def _get_headers(self, partner, message, recipients):
        """Return the headers of the e-mails: to whom an answer goes, too."""
        outside = [
            formataddr((data["name"], data["email_normalized"]))
            for data in recipients
            if data["email_normalized"] and data["share"]
        ]
        headers = {}
        if outside and len(outside) < partner._CUSTOMER_HEADERS_LIMIT_COUNT:
            headers["X-Msg-To-Add"] = ",".join(outside)
        if bounce := message.record_alias_domain_id.bounce_email:
            headers["Return-Path"] = bounce
        return partner._notify_by_email_get_headers(headers=headers)

    @api.model
    def _prepare_mail(self, partner, post, recipients):
        """Return the values that the e-mails of a message share (E4).

        See core's ``_notify_by_email_get_base_mail_values``: an answer is sent to all
        who are outside, and finds its way to the customer by the references.
        """
        message = post["message"]
        subject = message.subject or partner._message_compute_subject()
        subject = " ".join(subject.splitlines())
        headers = self._get_headers(partner, message, recipients)
        values = {
            "auto_delete": True,
            "headers": repr(headers) if headers else False,
            "mail_message_id": message.id,
            "references": " ".join([*post["references"], message.message_id]),
        }
        if subject != message.subject:
            values["subject"] = subject
        return values

    @api.model
    def _complete_mail(self, post, mail, ids):
        """Return the values of an e-mail as it leaves.

        :param ids: ids of those who get it: to recipients the links open without a
            login, a follower has the rights of its own
        """
        if post.get("secrets") and set(ids) <= set(post["values"]["partner_ids"]):
            body = links.show_secrets(str(mail["body_html"]), post["secrets"])
            mail = {**mail, "body_html": Markup(body)}
        return mail

    @api.model
    def _prepare_copies(self, post, mails):
        """Return the e-mail to those whom the template adds as Cc, in a list.

        It is one of its own, so that an address that is refused changes nothing of
        what the customer gets. Who is a recipient gets no copy.

        :param mails: list of (values of mail.mail, ids of who gets it)
        """
        partners = self.env["res.partner"].browse(post["values"]["partner_ids"])
        known = set(partners.mapped("email_normalized"))
        copies = [
            address
            for address in email_split_and_format(post.get("email_cc") or "")
            if email_normalize(address) not in known
        ]
        own = [mail for mail, ids in mails if set(ids) <= set(partners.ids)]
        if not copies or not own:
            return []
        return [({**own[0], "recipient_ids": [], "email_cc": ", ".join(copies)}, [])]
