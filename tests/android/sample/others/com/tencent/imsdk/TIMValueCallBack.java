package com.tencent.imsdk;

/** Stands for another SDK or for the reference document's demo; empty. */
public interface TIMValueCallBack<T> {
}
