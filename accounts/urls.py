"""Sign-in, profile, people, teams, the audit log."""

from django.urls import path

from accounts.views import audit, passwords, people, profile, sign_in, teams

urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("password-reset/", passwords.password_reset, name="password-reset"),
    path("password-reset/<str:person>/<str:token>/", passwords.password_reset_confirm, name="password-reset-confirm"),
    path("invitation/<str:token>/", passwords.invitation, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/preference/", profile.preference, name="profile-preference"),
    path("profile/password/", profile.password, name="profile-password"),
    path("settings/", profile.settings_home, name="settings"),
    path("people/", people.people, name="settings-people"),
    path("people/invitations/", people.invite, name="settings-invite"),
    path("people/invitations/<int:pk>/withdrawal/", people.withdraw_invitation, name="settings-invitation-withdrawal"),
    path("people/<int:pk>/", people.person, name="settings-person"),
    path("people/<int:pk>/deactivation/", people.deactivation, name="settings-person-deactivation"),
    path("people/<int:pk>/sessions/", people.sessions, name="settings-person-sessions"),
    path("people/<int:pk>/reset-link/", people.reset_link, name="settings-person-reset-link"),
    path("teams/", teams.teams, name="settings-teams"),
    path("teams/new/", teams.new_team, name="settings-team-new"),
    path("teams/<int:pk>/", teams.team, name="settings-team"),
    path("teams/<int:pk>/default/", teams.default_team, name="settings-team-default"),
    path("audit/", audit.audit, name="settings-audit"),
]
