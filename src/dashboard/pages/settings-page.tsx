import { useMe } from "../app/session.tsx";
import { Page } from "../parts/page.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { AccountTab } from "./account-tab.tsx";
import { AuditTab } from "./audit-tab.tsx";
import { TokensTab } from "./tokens-tab.tsx";
import { UsersTab } from "./users-tab.tsx";

/** One's account, API tokens and, for administrators, users and what happened to accounts. */
export function SettingsPage() {
  const { role } = useMe();
  const own = [
    { name: "Account", content: <AccountTab /> },
    { name: "API tokens", content: <TokensTab /> },
  ];
  const all = [
    { name: "Users", content: <UsersTab /> },
    { name: "Audit", content: <AuditTab /> },
  ];
  return (
    <Page title="Settings" way={[{ text: "Settings" }]}>
      <h1>Settings</h1>
      <Tabs label="Settings" tabs={role === "admin" ? [...own, ...all] : own} />
    </Page>
  );
}
