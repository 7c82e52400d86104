package com.tencent.imsdk;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.Context;
import android.database.Cursor;
import android.net.Uri;

/**
 * Knows the app's context before any code of the app runs, so that {@link TIMManager} needs no initialisation.
 * Provides nothing; the manifest names it.
 */
public class AppContext extends ContentProvider {
    private static volatile Context application;

    /** The app's context. Fails outside the main process, where the IM side is not used. */
    static Context get() {
        Context context = application;
        if (context == null) {
            throw new IllegalStateException("TIMManager works in the main process only, with its part of the manifest");
        }
        return context;
    }

    @Override
    public boolean onCreate() {
        Context context = getContext();
        application = context == null ? null : context.getApplicationContext();
        // Null while the application object is being made; the base context serves as well.
        if (application == null) {
            application = context;
        }
        return true;
    }

    @Override
    public Cursor query(Uri uri, String[] columns, String where, String[] values, String order) {
        return null;
    }

    @Override
    public String getType(Uri uri) {
        return null;
    }

    @Override
    public Uri insert(Uri uri, ContentValues row) {
        return null;
    }

    @Override
    public int delete(Uri uri, String where, String[] values) {
        return 0;
    }

    @Override
    public int update(Uri uri, ContentValues row, String where, String[] values) {
        return 0;
    }
}
