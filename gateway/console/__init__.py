"""Pages for people, made on the server from the values of `gateway/views`.

Rules of this room: a page computes nothing and shows the values that its JSON has; nothing is fetched from elsewhere;
no page shows or keeps content, and no module here can reach any. Every page works without JavaScript.
"""
