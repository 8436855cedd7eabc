"""Each company's ladder becomes a plan, its default one (X16): nothing else changes."""

from odoo.tools import SQL


def migrate(cr, version):
    cr.execute(
        """
        CREATE TABLE account_followup_plan (
            id serial PRIMARY KEY,
            company_id integer NOT NULL REFERENCES res_company ON DELETE CASCADE,
            sequence integer,
            name jsonb NOT NULL,
            active boolean,
            is_default boolean,
            create_uid integer, create_date timestamp,
            write_uid integer, write_date timestamp
        );
        INSERT INTO account_followup_plan
               (company_id, sequence, name, active, is_default, create_uid,
                create_date, write_uid, write_date)
        SELECT id, 10, '{"en_US": "Standard"}', TRUE, TRUE, 1,
               NOW() AT TIME ZONE 'UTC', 1, NOW() AT TIME ZONE 'UTC'
          FROM res_company
         WHERE parent_id IS NULL
         ORDER BY id;
        ALTER TABLE account_followup_level
          ADD COLUMN plan_id integer REFERENCES account_followup_plan
                ON DELETE RESTRICT;
        UPDATE account_followup_level level
           SET plan_id = plan.id
          FROM account_followup_plan plan
         WHERE plan.company_id = level.company_id;
        """
    )
    # two levels of a company may have the same days now, in two plans
    cr.execute(
        SQL(
            "DROP INDEX IF EXISTS %s",
            SQL.identifier("account_followup_level_company_delay_unique"),
        )
    )
