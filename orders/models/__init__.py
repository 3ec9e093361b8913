"""
The nouns of the restaurant.
"""

from orders.models.customer import Customer as Customer
from orders.models.dispute import Dispute as Dispute
from orders.models.dispute import DisputeStatus as DisputeStatus
from orders.models.menu import Ingredient as Ingredient
from orders.models.menu import MenuItem as MenuItem
from orders.models.menu import Recipe as Recipe
from orders.models.menu import RecipeLine as RecipeLine
from orders.models.menu import Variant as Variant
from orders.models.order import PAYABLE_STATUSES as PAYABLE_STATUSES
from orders.models.order import Order as Order
from orders.models.order import OrderStatus as OrderStatus
from orders.models.order import ServiceType as ServiceType
from orders.models.order_line import OrderLine as OrderLine
from orders.models.order_line import OrderTax as OrderTax
from orders.models.payment import Charge as Charge
from orders.models.payment import Payment as Payment
from orders.models.refund import COUNTING as COUNTING
from orders.models.refund import Refund as Refund
from orders.models.refund import RefundStatus as RefundStatus
from orders.models.restaurant import PosProvider as PosProvider
from orders.models.restaurant import Restaurant as Restaurant
from orders.models.restaurant import StaffRecipient as StaffRecipient
from orders.models.restaurant import Tax as Tax
