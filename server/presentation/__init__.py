"""The same page everywhere: which paper and page the presenter shows, and who presents. Only numbers travel; the pages
are on the devices already."""
