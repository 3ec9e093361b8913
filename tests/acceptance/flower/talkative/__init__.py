"""
Tasks that say more than they should, as somebody's plain `@shared_task` may.
"""
