"""What Meta knows of us: app, business account, numbers, templates; and what it posts to us."""

from whatsapp.models.app import AppSecret, MetaApp, WebhookCheck
from whatsapp.models.delivery import DeliveryState, WebhookDelivery, WebhookRejection
from whatsapp.models.number import (
    BusinessAccount,
    BusinessProfile,
    NumberChange,
    NumberHealth,
    PhoneNumber,
    PhoneNumberQuerySet,
)
from whatsapp.models.rate import Rate, RateTable
from whatsapp.models.template import MessageTemplate, TemplateChange, TemplateHeaderMedia, TemplateStatus

__all__ = [
    "AppSecret",
    "BusinessAccount",
    "BusinessProfile",
    "DeliveryState",
    "MessageTemplate",
    "MetaApp",
    "NumberChange",
    "NumberHealth",
    "PhoneNumber",
    "PhoneNumberQuerySet",
    "Rate",
    "RateTable",
    "TemplateChange",
    "TemplateHeaderMedia",
    "TemplateStatus",
    "WebhookCheck",
    "WebhookDelivery",
    "WebhookRejection",
]
