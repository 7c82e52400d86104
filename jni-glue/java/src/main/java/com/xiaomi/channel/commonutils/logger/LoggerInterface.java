package com.xiaomi.channel.commonutils.logger;

/** Where an app wants the library's log lines; given to {@code Logger.setLogger}. Called on any thread. */
public interface LoggerInterface {
    /** Which tag lines should carry. */
    void setTag(String tag);

    /** One line. */
    void log(String content);

    /** One line, and the error it is about. */
    void log(String content, Throwable error);
}
