from collections import defaultdict

from odoo import api, models

from .account_followup_send import concat


class AccountFollowupTask(models.AbstractModel):
    """What a level does beside sending: a task for a person, and followers (A4, A5)."""

    _name = "account.followup.task"
    _description = "Tasks of Follow-up Levels"

    @api.model
    def _get_open(self, partner, summary):
        """Return the open tasks of a kind that were made for a contact, by no person.

        :param partner: in the company whose tasks are meant
        :param str summary: names the kind
        """
        return partner.activity_ids.filtered(
            lambda task: task.automated and task.summary == summary
        )

    @api.model
    def _has_task(self, level):
        """Return whether a level can be carried out although nothing is sent."""
        return bool(level.schedule_activity and level.activity_type_id)

    @api.model
    def _get_task_text(self, followup, level):
        """Return what carrying out a level does when nothing is sent."""
        return self.env._(
            'Nothing is sent. "%(task)s" is planned for %(user)s, and the invoices '
            'reach the level "%(level)s".',
            task=level.activity_summary or level.activity_type_id.name,
            user=self._get_task_user(followup, level).name,
            level=level.name,
        )

    @api.model
    def _do_level_extras(self, batch):
        """Add the followers and the activity of the level that is due (A4, A5)."""
        groups = defaultdict(list)
        for data in batch:
            if data.get("is_test"):
                continue  # the case and its people stay as they are
            is_done = bool(data.get("call"))
            groups[data["level"], data["day"], is_done].append(data["followup"])
        for (level, day, is_done), cases in groups.items():
            followups = concat(cases)
            if users := level.follower_user_ids.filtered("active"):
                followups.partner_id.message_subscribe(partner_ids=users.partner_id.ids)
            if level.schedule_activity and level.activity_type_id and not is_done:
                is_manual = batch[0]["trigger"] == "manual"
                self._schedule_activities(followups, level, day, is_manual)

    @api.model
    def _schedule_activities(self, followups, level, day, is_manual):
        """Plan the activity of a level, in one go for each user.

        :param bool is_manual: core tells the user by e-mail of a task that somebody
            else has planned; a run plans hundreds, which stand in the work-list
        """
        groups = followups.grouped(
            lambda followup: self._get_task_user(followup, level)
        )
        for user, mine in groups.items():
            partners = mine.partner_id.with_context(
                mail_activity_quick_update=not is_manual
            )
            partners.activity_schedule(
                activity_type_id=level.activity_type_id.id,
                date_deadline=day,
                summary=level.activity_summary or level.name,
                note=level.activity_note,
                user_id=user.id,
            )

    @api.model
    def _get_task_user(self, followup, level):
        """Return who gets the activity of a level; somebody always does."""
        user = self._get_activity_user(followup, level)
        return user or self.env.ref("base.user_admin")

    @api.model
    def _get_activity_user(self, followup, level):
        user = {
            "followup_responsible": followup._get_responsible(),
            "salesperson": followup.partner_id.user_id,
            "user": level.activity_user_id,
        }[level.activity_responsible]
        return user.filtered("active") or followup._get_responsible()

    @api.model
    def _undo_level_extras(self, reminder):
        """Take away the activity that was planned in the same transaction."""
        level = reminder.sudo().level_id
        tasks = reminder.sudo().partner_id.activity_ids.filtered(
            lambda task: (
                level
                and task.activity_type_id == level.activity_type_id
                and task.create_uid == self.env.user
                and task.create_date == reminder.sudo().create_date
            )
        )
        tasks.unlink()
