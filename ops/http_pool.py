"""HTTP through the proxy that the environment names, with the rules that botocore has for it."""

from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
from urllib3 import PoolManager, ProxyManager


def http_pool(url: str) -> PoolManager:
    """A pool of connections for requests to ``url``."""
    proxies = ProxyConfiguration(get_environ_proxies(url))
    proxy = proxies.proxy_url_for(url)
    return ProxyManager(proxy, proxy_headers=proxies.proxy_headers_for(proxy)) if proxy else PoolManager()
